#!/usr/bin/env bash
# What runs in containers, judged by the field's own tools: hadolint for the image, the Kubernetes schemas (strict, of the
# version the manifests are kept for) for what kubectl would apply. The tools have an environment of their own in var/lint.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cmp -s infra/lint.lock var/lint/lock; then
    .venv/bin/uv venv --quiet --clear --python .venv/bin/python var/lint
    .venv/bin/uv pip install --quiet --python var/lint/bin/python --require-hashes -r infra/lint.lock
    cp infra/lint.lock var/lint/lock
fi
var/lint/bin/hadolint infra/compose/Containerfile
for manifest in infra/kubernetes/[!k]*.yaml; do
    var/lint/bin/kubernetes-validate --strict --quiet -k 1.32 "$manifest"
done
if command -v kubectl >/dev/null; then
    kubectl kustomize infra/kubernetes >var/lint/applied.yaml
    var/lint/bin/kubernetes-validate --strict --quiet -k 1.32 var/lint/applied.yaml
fi
