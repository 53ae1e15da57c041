// NumPy's own file of one array. numpy/numpy numpy/lib/format.py, version 1.0. Pure.

const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
// Room for every shape there is, and what is behind it is aligned for a memory map.
const HEADER_BYTES = 128;

/**
 * What is in front of the numbers, of one size whatever the shape, so that it can be written again when the number of
 * frames is known.
 *
 * @param descr of the numbers, as `<u2`.
 * @param shape how many along each axis, the slowest first.
 */
export function npyHeader(descr: string, shape: readonly number[]): Buffer {
  // A tuple of one has a comma behind it.
  const axes = shape.length === 1 ? `${shape[0]!},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${axes}), }`;
  const header = Buffer.alloc(HEADER_BYTES, ' ');
  MAGIC.copy(header);
  header.writeUInt16LE(HEADER_BYTES - MAGIC.length - 2, MAGIC.length);
  header.write(text, MAGIC.length + 2, 'latin1');
  header.write('\n', HEADER_BYTES - 1);
  return header;
}
