/** `norm lsp`. */

export function serve(): void {}
