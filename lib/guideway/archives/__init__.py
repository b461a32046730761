"""From delivered files to signals: source profiles (data) and decoders (code). No Spark here."""
