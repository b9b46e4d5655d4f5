/** How a product is cut into blocks, so that what is read again and again stays in the caches. */

import type { Variable } from "../../kernel/coordinate.js";
import { type Product, size } from "../../kernel/product.js";
import { lanes } from "./expression.js";
import { panel } from "./multiply.js";

/** Rows of a block at most: with so many summands it fits in the second cache, beside the panels. */
const mostRows = 64;
const mostColumns = 128;
const mostSummands = 256;
/** Bytes of the right factor that are kept in panels for the blocks of rows that follow. */
const mostPacked = 512 * 1024;
const leastRows = 16;
/** Blocks that a product is cut into where it is large enough, so that threads get equal shares. */
const wantedUnits = 16;
/** Fewer blocks than this are too few for some threads: then they are made smaller. */
const fewBlocks = 8;

/** The blocks of a product, and how its summands are cut. */
export interface Blocking {
  readonly rows: number;
  readonly columns: number;
  /** Whether all summands of the right factors' columns stay packed while the blocks of rows change. */
  readonly keepsPanels: boolean;
}

/** The blocks of products that are computed together. */
export function blockingOf(products: readonly Product[]): Blocking {
  const { batch, m, n } = products[0]!;
  const summands = products.reduce((total, { inner }) => total + size(inner), 0);
  const fits = (columns: number) => 4 * columns * summands <= mostPacked;
  const area = size(batch) * size(m) * size(n);
  const isNarrow = fits(mostColumns) ? false : fits(mostColumns / 2) || area < fewBlocks * mostRows * mostColumns;
  const wanted = isNarrow ? mostColumns / 2 : mostColumns;
  const last = n.at(-1)!.extent;
  // Several loops along the columns are cut between the turns of the last one.
  const columns = n.length === 1 ? evenly(size(n), wanted, panel) : Math.min(size(n), Math.max(1, Math.floor(wanted / last)) * last);
  const keepsPanels = fits(padded(columns));
  const fair = Math.ceil((size(m) * size(batch) * Math.ceil(size(n) / columns)) / wantedUnits);
  const rows = evenly(size(m), keepsPanels ? Math.min(mostRows, Math.max(leastRows, fair)) : mostRows, lanes);
  return { rows, columns, keepsPanels };
}

/** Summands that are multiplied in one go: whole turns of the last loop. */
export function summandsOf(inner: readonly Variable[]): number {
  const run = inner.at(-1)!.extent;
  return inner.length === 1 ? evenly(run, mostSummands, 1) : Math.min(size(inner), Math.max(1, Math.floor(mostSummands / run)) * run);
}

/** The largest block not above `most` by which an extent falls into nearly equal ones. */
function evenly(extent: number, most: number, multiple: number): number {
  const blocks = Math.ceil(extent / most);
  return Math.min(extent, Math.ceil(extent / blocks / multiple) * multiple);
}

/** Columns with those that fill the last panel. */
export function padded(columns: number): number {
  return Math.ceil(columns / panel) * panel;
}
