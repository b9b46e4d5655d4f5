/** The documents that are open, each with what its text tells and with the last analysis of the compiler. */

import { dirname } from "node:path";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { SourceFile } from "../diagnostics/source.js";
import type { Host } from "../semantics/modules.js";
import type { Analysis } from "./analysis.js";
import type { Job } from "./analysis-worker.js";
import { carried } from "./carry.js";
import { editorHost, pathOf, rootOf, uriOf } from "./files.js";
import { Spec, specPath } from "./spec.js";

/** A document at one version. */
export interface View {
  readonly uri: string;
  readonly version: number;
  readonly spec: Spec;
  /** What the compiler found: in this text, or in an earlier one, whose places are those of this text now. */
  readonly analysis: Analysis | undefined;
}

interface Known {
  readonly document: TextDocument;
  /** The folder at which the spec's paths begin, as it was found last. */
  root: string | undefined;
  spec: { readonly spec: Spec; readonly version: number; readonly epoch: number } | undefined;
  /** The last analysis, with the text whose places it has. */
  last: { readonly analysis: Analysis; readonly text: string } | undefined;
}

export class Workspace {
  private readonly documents = new Map<string, Known>();
  /** Counts the changes of all documents and files: what was read before one of another document is stale. */
  private epoch = 0;

  /** A document was opened, or its text changed. */
  set(document: TextDocument): void {
    this.epoch++;
    const known = this.documents.get(document.uri);
    const path = pathOf(document.uri);
    if (known?.document !== document) this.documents.set(document.uri, { document, root: path && dirname(path), spec: undefined, last: undefined });
  }

  delete(uri: string): void {
    this.epoch++;
    this.documents.delete(uri);
  }

  /** A file that is not open changed. */
  filesChanged(): void {
    this.epoch++;
  }

  get uris(): readonly string[] {
    return [...this.documents.keys()];
  }

  /** The other documents that a change of one concerns: those that use its file, or look for one that was not there. */
  usersOf(uri: string): readonly string[] {
    const path = pathOf(uri);
    return [...this.documents].flatMap(([other, { spec }]) => {
      if (other === uri || spec === undefined || path === undefined) return [];
      const { modules, diagnostics } = spec.spec;
      return modules.own.some(({ source }) => source.path === path) || diagnostics.some(({ code }) => code === "N0203") ? [other] : [];
    });
  }

  /** What is known of a document now; undefined when it is not open. */
  view(uri: string): View | undefined {
    const known = this.documents.get(uri);
    if (known === undefined) return undefined;
    return { uri, version: known.document.version, spec: this.specOf(known), analysis: this.analysisOf(known) };
  }

  private specOf(known: Known): Spec {
    const { document } = known;
    if (known.spec?.version === document.version && known.spec.epoch === this.epoch) return known.spec.spec;
    let spec = this.read(document.uri, document.getText(), known.root);
    const path = pathOf(document.uri);
    if (path !== undefined && spec.diagnostics.some(({ code, place }) => code === "N0203" && place.source === spec.main.source)) {
      const used = spec.main.file.uses.filter(({ module, isFile }) => isFile || !module.startsWith("std.")).map(({ module, isFile }) => (isFile ? module : `${module.replaceAll(".", "/")}.norm`));
      const root = rootOf(path, used, this.openTexts);
      if (root !== known.root) spec = this.read(document.uri, document.getText(), (known.root = root));
    }
    known.spec = { spec, version: document.version, epoch: this.epoch };
    return spec;
  }

  private read(uri: string, text: string, root: string | undefined): Spec {
    return new Spec(specPath(pathOf(uri) ?? uri, root), text, this.host(root));
  }

  private host(root: string | undefined): Host {
    return editorHost(root, this.openTexts);
  }

  /** The texts of the documents that are files. */
  get openTexts(): ReadonlyMap<string, string> {
    return new Map([...this.documents].flatMap(([uri, { document }]) => {
      const path = pathOf(uri);
      return path === undefined ? [] : [[path, document.getText()] as const];
    }));
  }

  /** What the compiler has to be given for a document. */
  job(uri: string): Job | undefined {
    const known = this.documents.get(uri);
    if (known === undefined) return undefined;
    this.specOf(known);
    return { path: specPath(pathOf(uri) ?? uri, known.root), root: known.root, text: known.document.getText(), open: this.openTexts };
  }

  /**
   * Keeps the analysis of a text. Where the text has mistakes, what was known of shapes before is kept; the mistakes are
   * always the new ones.
   */
  learn(uri: string, text: string, analysis: Analysis): void {
    const known = this.documents.get(uri);
    if (known === undefined) return;
    const before = known.last;
    const isPoorer = analysis.hasErrors && before !== undefined && analysis.values.length < before.analysis.values.length;
    const kept = isPoorer ? { ...carried(before.analysis, this.specOf(known).main.source.path, before.text, text), diagnostics: analysis.diagnostics, hasErrors: true } : analysis;
    known.last = { analysis: kept, text };
  }

  private analysisOf(known: Known): Analysis | undefined {
    if (known.last === undefined) return undefined;
    const text = known.document.getText();
    if (known.last.text !== text) known.last = { analysis: carried(known.last.analysis, specPath(pathOf(known.document.uri) ?? known.document.uri, known.root), known.last.text, text), text };
    return known.last.analysis;
  }

  /** The spec in a file that is not open, if it can be read and has this text somewhere. */
  specIn(path: string, word: string): Spec | undefined {
    const root = dirname(path);
    const host = this.host(root);
    const text = host.readSpec(path.slice(path.lastIndexOf("/") + 1));
    return text?.includes(word) ? new Spec(path, text, host) : undefined;
  }

  /** The address of a source of a spec. */
  uriOf(view: Pick<View, "uri" | "spec">, path: string): string {
    if (path === view.spec.main.source.path) return view.uri;
    return this.uris.find((uri) => pathOf(uri) === path) ?? uriOf(path);
  }

  /** The source with a path, of a spec or of the standard library. */
  sourceOf({ spec }: Pick<View, "spec">, path: string): SourceFile | undefined {
    const own = spec.modules.own.find(({ source }) => source.path === path);
    if (own !== undefined) return own.source;
    const text = editorHost(undefined, new Map()).readLibrary(path);
    return text === undefined ? undefined : new SourceFile(path, text);
  }
}
