"""Read and write file formats strictly, without knowing the records they hold."""
