// Packages without type declarations of their own.

declare module 'kafkajs-snappy' {
  export default function codec(): { decompress(buffer: Buffer): Promise<Buffer> };
}

declare module 'lz4js' {
  const lz4: { decompress(frame: Uint8Array): Uint8Array };
  export default lz4;
}
