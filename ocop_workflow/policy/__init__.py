"""Pure decisions and the documents they follow: no input or output, no clock."""
