import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import kafkajs, { CompressionTypes, type KafkaMessage } from 'kafkajs';
import snappy from 'kafkajs-snappy';
import lz4 from 'lz4js';

type Decompress = (buffer: Buffer) => Promise<Buffer>;
type Codecs = Record<number, () => { compress: unknown; decompress: Decompress }>;

/** The bits of a batch's attributes that name its codec allow these ids. */
const HIGHEST_CODEC_ID = 7;
/** How the value of an unreadable record begins. Random, so that no other record can begin like this. */
const UNREADABLE = randomBytes(16);

/**
 * Makes kafkajs read every codec of Kafka: by itself it reads only gzip, and takes a batch with an unknown
 * codec for an uncompressed one. A batch that cannot be decompressed would fail the whole fetch, with all
 * its partitions. So the records of such a batch are read as unreadable ones, see {@link unreadable}.
 *
 * kafkajs keeps its codecs for the whole process. It still writes only gzip.
 */
export function registerCodecs(): void {
  const codecs = kafkajs.CompressionCodecs as unknown as Codecs; // no named export in Node
  const gzip = codecs[CompressionTypes.GZIP]?.();
  const known = new Map<number, Decompress>([
    [CompressionTypes.GZIP, promisify(gunzip)],
    [CompressionTypes.Snappy, (buffer) => snappy().decompress(buffer)],
    [CompressionTypes.LZ4, async (buffer) => Buffer.from(lz4.decompress(buffer))],
    [CompressionTypes.ZSTD, promisify(zstdDecompress)],
  ]);
  for (let id = 1; id <= HIGHEST_CODEC_ID; id += 1) {
    const decompress = known.get(id);
    codecs[id] = () => ({ compress: gzip?.compress, decompress: orUnreadable(id, decompress) });
  }
}

/** Why a record cannot be read, or nothing if it can. */
export const unreadable = ({ value }: KafkaMessage): string | undefined =>
  value?.subarray(0, UNREADABLE.length).equals(UNREADABLE)
    ? value.toString('utf8', UNREADABLE.length)
    : undefined;

const orUnreadable =
  (id: number, decompress?: Decompress): Decompress =>
  async (buffer) => {
    try {
      if (decompress === undefined) throw new Error('it is unknown');
      return await decompress(buffer);
    } catch (error) {
      // kafkajs has read the number of records just before the compressed part of the same buffer
      const count = new DataView(buffer.buffer).getInt32(buffer.byteOffset - 4);
      return unreadableRecords(count, `compression codec ${id}: ${(error as Error).message}`);
    }
  };

/** @see https://kafka.apache.org/documentation/#record */
function unreadableRecords(count: number, reason: string): Buffer {
  const value = Buffer.concat([UNREADABLE, Buffer.from(reason.slice(0, 200))]);
  const records: Buffer[] = [];
  for (let delta = 0; delta < count; delta += 1) {
    const record = Buffer.concat([
      Buffer.of(0, 0), // attributes, timestamp delta
      varint(delta),
      varint(-1), // no key
      varint(value.length),
      value,
      Buffer.of(0), // no headers
    ]);
    records.push(varint(record.length), record);
  }
  return Buffer.concat(records);
}

/** A 32-bit integer in zigzag encoding. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = (value << 1) ^ (value >> 31);
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.of(...bytes, rest);
}
