import { measureBacklog, waitUntil } from '@equipmgnt/testing';
import { Kafka, logLevel } from 'kafkajs';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { ViewRow } from '../run-record.ts';
import { readViews } from './read-final-state.ts';
import type { Environment } from './environment.ts';

/** Has mis begin with an empty database and read its topics from their start. */
export async function rebuildView({ suite, direct }: Environment): Promise<ViewRow[]> {
  await Promise.all(suite.mis.map((process) => process.stop()));
  await dropTables(direct.databases.mis);
  const admin = new Kafka({ brokers: [direct.kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteGroups(['mis']);
  await admin.disconnect();
  await Promise.all(suite.mis.map((process) => process.start()));
  const caughtUp = async () => {
    const { lag } = await measureBacklog(direct);
    if (lag['mis'] !== 0) throw new Error(`${lag['mis']} messages are not in the view yet`);
  };
  await waitUntil(caughtUp, { withinMs: 600_000 });
  return readViews(suite.mis[0].url);
}

async function dropTables(url: string): Promise<void> {
  const connection = await createConnection(url);
  try {
    const [tables] = await connection.query<RowDataPacket[]>('SHOW TABLES');
    for (const table of tables) {
      await connection.query('DROP TABLE ??', [Object.values(table)[0]]);
    }
  } finally {
    await connection.end();
  }
}
