import type { Admin } from 'kafkajs';
import type { Connection } from 'mysql2/promise';

/** The consumer group of mis. */
const GROUP = 'mis';

/**
 * Empties the view and lets mis read the topics from their beginning when it starts.
 * @throws Error while mis runs
 */
export async function emptyView(admin: Admin, mis: Connection): Promise<void> {
  const { groups } = await admin.describeGroups([GROUP]);
  const members = groups[0]?.members.length ?? 0;
  if (members > 0) {
    throw new Error(
      `mis is running (${members} member${members === 1 ? '' : 's'} in its consumer group). Stop it first.`,
    );
  }
  // The offsets first: with offsets at the end and an empty view, events would be missing for good.
  await admin.deleteGroups([GROUP]).catch((error: { groups?: { errorCode?: number }[] }) => {
    const codes = (error.groups ?? []).map(({ errorCode }) => errorCode);
    if (codes.length === 0 || codes.some((code) => code !== GROUP_ID_NOT_FOUND)) throw error;
  });
  await mis.query('TRUNCATE TABLE mis');
  await mis.query('TRUNCATE TABLE rental_counts');
  await mis.query('TRUNCATE TABLE equipments');
}

/** @see https://kafka.apache.org/protocol#protocol_error_codes */
const GROUP_ID_NOT_FOUND = 69;
