/** Singular values, in float64. */

/** What is nearer to 0 is divided by as if it were this. */
const tiny = 1e-300;

/**
 * The singular values of a matrix of `m` rows and `n` columns, `m >= n`, the largest first. Reflections from both sides make it
 * bidiagonal (Golub and Kahan, 1965), to rounding errors of the largest value; each value is then found to full precision by
 * bisection, by counting how many are smaller (Fernando, 1998).
 * @param columns the matrix, column after column; it is changed.
 */
export function singularValues(columns: Float64Array, m: number, n: number): Float64Array {
  const largest = columns.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!Number.isFinite(largest)) return new Float64Array(n).fill(NaN);
  if (largest === 0) return new Float64Array(n);
  // So that squares neither overflow nor vanish.
  for (let i = 0; i < columns.length; i++) columns[i] = columns[i]! / largest;
  const bidiagonal = bidiagonalised(columns, m, n);
  const squares = bidiagonal.map((value) => value * value);
  const bound = 2 * bidiagonal.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const values = new Float64Array(n);
  let atLeast = 0;
  for (let i = 0; i < n; i++) values[n - 1 - i] = largest * (atLeast = bisected(squares, i, atLeast, bound));
  return values;
}

/** The diagonal and the one above it, element after element: d0, e0, d1, e1, … */
function bidiagonalised(columns: Float64Array, m: number, n: number): Float64Array {
  const column = (j: number) => columns.subarray(j * m, (j + 1) * m);
  const result = new Float64Array(2 * n - 1);
  const sums = new Float64Array(m);
  for (let k = 0; k < n; k++) {
    const left = column(k).slice(k);
    result[2 * k] = reflector(left);
    const half = halfSquare(left);
    for (let j = k + 1; j < n && half > 0; j++) {
      const other = column(j).subarray(k);
      const factor = dot(left, other) / half;
      for (let i = 0; i < left.length; i++) other[i] = other[i]! - factor * left[i]!;
    }
    if (k === n - 1) break;
    const right = Float64Array.from({ length: n - 1 - k }, (_, j) => columns[(k + 1 + j) * m + k]!);
    result[2 * k + 1] = reflector(right);
    const square = halfSquare(right);
    if (square === 0) continue;
    // The rows' products with the reflection's vector, column after column as the matrix lies.
    sums.fill(0);
    right.forEach((value, j) => {
      const other = column(k + 1 + j);
      for (let i = k + 1; i < m; i++) sums[i]! += value * other[i]!;
    });
    right.forEach((value, j) => {
      const other = column(k + 1 + j);
      for (let i = k + 1; i < m; i++) other[i] = other[i]! - (value / square) * sums[i]!;
    });
  }
  return result;
}

/** Puts the vector of a reflection (Householder, 1958) that leaves the first element only in the place of `x`; gives that element. */
function reflector(x: Float64Array): number {
  const length = Math.sqrt(dot(x, x));
  const left = x[0]! > 0 ? -length : length;
  x[0] = x[0]! - left;
  return left;
}

function halfSquare(x: Float64Array): number {
  return dot(x, x) / 2;
}

/** The value that `index` others are smaller than, by halving the range in which it lies. */
function bisected(squares: Float64Array, index: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (high - low > Number.EPSILON * high && high > Number.EPSILON ** 2 * to) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (countBelow(squares, middle) > index) high = middle;
    else low = middle;
  }
  return high > Number.EPSILON ** 2 * to ? (low + high) / 2 : 0;
}

/**
 * How many singular values are smaller than `x`: as many as pivots are negative beyond the first half, in the symmetric
 * tridiagonal matrix of zeros with the bidiagonal's elements beside them, whose eigenvalues are the values and their negatives.
 */
function countBelow(squares: Float64Array, x: number): number {
  let negative = 1;
  let pivot = -x;
  for (let i = 0; i < squares.length; i++) {
    pivot = -x - squares[i]! / pivot;
    // A pivot of 0 counts as a negative one throughout.
    if (Math.abs(pivot) < tiny) pivot = -tiny;
    if (pivot < 0) negative++;
  }
  return negative - (squares.length + 1) / 2;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}
