// Files of other formats that are given to the reader of data files. Pure.

/** A format that files begin with these bytes in. */
interface Format {
  readonly name: string;
  readonly magic: readonly number[];
  /** Of compressed files; undefined where the first bytes say it all. */
  readonly suffix: string | undefined;
  /** What to do with such a file, and with what comes by a stream. */
  readonly advice: (path: string | undefined) => string;
}

const FORMATS: readonly Format[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], suffix: '.gz', advice: unpackBy('gunzip') },
  {
    name: 'bzip2',
    magic: [0x42, 0x5a, 0x68],
    suffix: '.bz2',
    advice: unpackBy('bunzip2'),
  },
  {
    name: 'xz',
    magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a],
    suffix: '.xz',
    advice: unpackBy('unxz'),
  },
  {
    name: 'Zstandard',
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    suffix: '.zst',
    advice: unpackBy('unzstd'),
  },
  {
    name: 'HDF5',
    magic: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a],
    suffix: undefined,
    advice: () => 'read it with a library for HDF5, such as h5py or h5wasm',
  },
];

/** Bytes from the beginning of a file that {@link otherFormat} looks at. */
export const MAGIC_BYTES = 8;

/** A file that has the first bytes of another format. */
export interface OtherFormat {
  /** What it is and what to do, to be read after "is ". */
  readonly text: string;
  /** False where a record of data may begin with the same bytes. */
  readonly isCertain: boolean;
}

function unpackBy(tool: string): Format['advice'] {
  return (path) =>
    path === undefined ? `pipe it through '${tool} -c'` : `unpack it by '${tool} -k ${path}'`;
}

/**
 * @param path undefined for a stream.
 * @param head the first bytes of the file, {@link MAGIC_BYTES} where it has as many.
 */
export function otherFormat(path: string | undefined, head: Uint8Array): OtherFormat | undefined {
  const format = FORMATS.find(({ magic }) => magic.every((byte, at) => head[at] === byte));
  if (format === undefined) return undefined;
  const { name, suffix, advice } = format;
  const kind = suffix === undefined ? `an ${name} file` : `a file compressed by ${name}`;
  return {
    text: `${kind}: ${advice(path)}`,
    isCertain: suffix === undefined || path?.endsWith(suffix) === true,
  };
}
