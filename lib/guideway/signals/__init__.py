"""Signal kernels in numpy and scipy: filters, bands, weightings, spectra, alignment."""
