// Keeps the allocator from handing large payloads' memory back to the system, to be fetched and zeroed again for the
// next one: half of what it costs to receive a frame of 1 MB or more.

// glibc takes blocks above a threshold straight from the system, and the threshold follows the largest such block it
// has been given back, up to 32 MiB (mallopt(3), M_MMAP_THRESHOLD). One block just below that, never written to and
// so never backed by memory, teaches it at once what it would learn from the first large frames, or never.
const LARGEST_BLOCK_BYTES = 32 * 1024 * 1024 - 64 * 1024;

/** To be called once, before frames arrive. Without effect where the allocator is another one. */
export function keepFreedMemory(): void {
  // Given back by the next collection of young objects.
  Buffer.allocUnsafeSlow(LARGEST_BLOCK_BYTES);
}
