/**
 * What a LevelDB table holds in blocks compressed by Snappy, plain; a file that is no table holds none. Log files are not
 * compressed. Format: https://github.com/google/leveldb/blob/main/doc/table_format.md
 */
export function snappyBlocks(table: Buffer): Buffer[] {
  if (table.length < footerLength || table.readBigUInt64LE(table.length - 8) !== magic) return [];
  const footer = new VarintReader(table, table.length - footerLength);
  footer.handle(); // of the meta index
  const blocks: Buffer[] = [];
  const index = blockAt(table, footer.handle());
  for (const value of valuesOf(index)) blocks.push(blockAt(table, new VarintReader(value, 0).handle()));
  return [index, ...blocks];
}

const footerLength = 48;
const magic = 0xdb4775248b80fb57n;

interface Handle {
  offset: number;
  length: number;
}

function blockAt(table: Buffer, { offset, length }: Handle): Buffer {
  const stored = table.subarray(offset, offset + length);
  const type = table[offset + length];
  if (type === 0) return stored;
  if (type === 1) return unsnappy(stored);
  throw new Error(`a LevelDB block of type ${type}`);
}

/** The values of a block's entries; keys share their beginnings with the one before, so they are passed over. */
function valuesOf(block: Buffer): Buffer[] {
  const restarts = block.readUInt32LE(block.length - 4);
  const end = block.length - 4 - restarts * 4;
  const reader = new VarintReader(block, 0);
  const values: Buffer[] = [];
  while (reader.at < end) {
    reader.varint(); // shared
    const keyLength = reader.varint();
    const valueLength = reader.varint();
    reader.at += keyLength;
    values.push(block.subarray(reader.at, reader.at + valueLength));
    reader.at += valueLength;
  }
  return values;
}

/** Snappy's raw format: https://github.com/google/snappy/blob/main/format_description.txt */
export function unsnappy(packed: Buffer): Buffer {
  const reader = new VarintReader(packed, 0);
  const plain = Buffer.alloc(reader.varint());
  let filled = 0;
  while (reader.at < packed.length) {
    const tag = reader.byte();
    if ((tag & 3) === 0) {
      const length = literalLength(reader, tag >> 2);
      packed.copy(plain, filled, reader.at, reader.at + length);
      reader.at += length;
      filled += length;
      continue;
    }
    const { length, offset } = copyOf(reader, tag);
    // Byte by byte: a copy may overlap what it writes.
    for (let i = 0; i < length; i += 1) plain[filled + i] = plain[filled + i - offset] ?? 0;
    filled += length;
  }
  return plain;
}

function literalLength(reader: VarintReader, size: number): number {
  return size < 60 ? size + 1 : reader.littleEndian(size - 59) + 1;
}

function copyOf(reader: VarintReader, tag: number): { length: number; offset: number } {
  if ((tag & 3) === 1) return { length: ((tag >> 2) & 7) + 4, offset: ((tag >> 5) << 8) | reader.byte() };
  return { length: (tag >> 2) + 1, offset: reader.littleEndian((tag & 3) === 2 ? 2 : 4) };
}

class VarintReader {
  constructor(
    private readonly bytes: Buffer,
    public at: number,
  ) {}

  byte(): number {
    return this.bytes[this.at++] ?? 0;
  }

  varint(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  }

  littleEndian(length: number): number {
    const value = this.bytes.readUIntLE(this.at, length);
    this.at += length;
    return value;
  }

  handle(): Handle {
    return { offset: this.varint(), length: this.varint() };
  }
}
