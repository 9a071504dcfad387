/**
 * The call of a function as text, for where it runs: it sees nothing of what is around it here but its arguments. Compilers
 * that keep names wrap functions in a call of their own helper.
 */
export function callText<Arguments extends unknown[]>(
  called: (...given: Arguments) => unknown,
  given: Arguments,
): string {
  return `((__name) => (${String(called)})(...${JSON.stringify(given)}))((named) => named)`;
}
