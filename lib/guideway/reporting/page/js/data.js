// The data block: gzip of "uint32 header length | JSON header | column buffers", as base64.

async function unpack(text) {
  const raw = bytesOf(text.trim());
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  const block = await new Response(stream).arrayBuffer();
  const length = new DataView(block).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(block, 4, length)));
  return { header, block, start: 4 + length };
}

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const raw = new Uint8Array(text.length);
  for (let i = 0; i < raw.length; i++) raw[i] = text.charCodeAt(i);
  return raw;
}

const VIEWS = { i1: Int8Array, i2: Int16Array, i4: Int32Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
const MISSING = { i1: -128, i2: -32768, i4: -2147483648 };

// A reader of one column: at(i) is a number (NaN where missing) or a text.
function column(pack, spec) {
  const raw = new VIEWS[spec.t](pack.block, align8(pack.start) + spec.o, spec.n);
  if (spec.v) return { n: spec.n, raw, texts: spec.v, at: (i) => spec.v[raw[i]] };
  if (spec.t === "f4") return { n: spec.n, raw, at: (i) => raw[i] };
  const missing = MISSING[spec.t], scale = 10 ** (spec.s || 0);
  return { n: spec.n, raw, at: (i) => (raw[i] === missing ? NaN : raw[i] / scale) };
}

function align8(offset) {
  return (offset + 7) & ~7;
}

function columns(pack, spec) {
  const table = { n: spec.n };
  for (const [name, part] of Object.entries(spec.c)) table[name] = column(pack, part);
  return table;
}
