"""One module a domain: signals in, condition indicators and exceedances out."""
