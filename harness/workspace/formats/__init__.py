"""Read and write file formats strictly, whatever they describe."""
