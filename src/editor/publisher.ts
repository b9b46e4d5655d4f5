/** Telling the editor of mistakes: each file's at once, also those that come from other documents. */

import type { Connection, Diagnostic } from "vscode-languageserver";
import { diagnosticsByUri, mistakesOf } from "./diagnostics.js";
import type { PlainDiagnostic } from "./plain-diagnostics.js";
import type { View, Workspace } from "./workspace.js";

export class Publisher {
  /** What each document found, by the file that it is in. */
  private readonly byDocument = new Map<string, ReadonlyMap<string, readonly Diagnostic[]>>();
  /** The version of each document of which all mistakes are told. */
  private readonly complete = new Map<string, number>();

  constructor(
    private readonly connection: Connection,
    private readonly workspace: Workspace,
  ) {}

  /** The mistakes of a document as it is now. */
  mistakesOf(view: View): readonly PlainDiagnostic[] {
    return mistakesOf(view, this.complete.get(view.uri) === view.version);
  }

  /** Tells the mistakes of a document. @param isCurrent whether its analysis is of its text as it is now. */
  publish(view: View, isCurrent: boolean): void {
    if (isCurrent) this.complete.set(view.uri, view.version);
    else this.complete.delete(view.uri);
    const before = this.byDocument.get(view.uri)?.keys() ?? [];
    const found = diagnosticsByUri(this.workspace, view, this.mistakesOf(view));
    this.byDocument.set(view.uri, found);
    new Set([...before, ...found.keys()]).forEach((uri) => this.send(uri));
  }

  /** A document was closed: what it found in itself and in other files goes, if no other document finds it too. */
  forget(uri: string): void {
    const files = [...(this.byDocument.get(uri)?.keys() ?? [])];
    this.byDocument.delete(uri);
    this.complete.delete(uri);
    files.forEach((file) => this.send(file));
  }

  private send(uri: string): void {
    const known = new Map<string, Diagnostic>();
    for (const byUri of this.byDocument.values()) {
      for (const found of byUri.get(uri) ?? []) known.set(JSON.stringify([found.range, found.code, found.message]), found);
    }
    const version = this.workspace.view(uri)?.version;
    void this.connection.sendDiagnostics({ uri, diagnostics: [...known.values()], ...(version !== undefined && { version }) });
  }
}
