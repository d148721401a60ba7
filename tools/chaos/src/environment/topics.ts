/** Each topic of events, with the consumer groups that read it. */
export const GROUPS = {
  'equipmgnt.order': ['approval', 'mis'],
  'equipmgnt.approval': ['order', 'equipment', 'mis'],
  'equipmgnt.equipment': ['approval', 'mis'],
} as const;

export type Topic = keyof typeof GROUPS;

export const TOPICS = Object.keys(GROUPS) as readonly Topic[];

/**
 * The header that a spoilt message bears. Poison is identified by its header, not from
 * what was sent: a send that had to be repeated puts the same message there twice.
 */
export const POISON_HEADER = 'poison';

/** The type of an event of a later version. Consumers skip it; only other poison is moved aside. */
export const FUTURE_TYPE = 'equipmgnt.Unheard.v1';
