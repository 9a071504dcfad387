/** True if the two ranges hold the same bytes. Not constant-time. */
export function equal(left: usize, right: usize, length: usize): bool {
  return memory.compare(left, right, length) == 0;
}
