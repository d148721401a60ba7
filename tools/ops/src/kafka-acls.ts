import {
  deadLetterTopic,
  isStatefulService,
  SERVICES,
  topics,
  topology,
} from '@equipmgnt/contracts';
import kafkajs, { type AclEntry, type AclOperationTypes, type AclResourceTypes } from 'kafkajs';

interface Right {
  readonly type: AclResourceTypes;
  readonly name: string;
  /** Whether the name is the beginning of the resources' names. */
  readonly isPrefix?: boolean;
  readonly operations: readonly AclOperationTypes[];
}

const { READ, WRITE, CREATE, DELETE } = kafkajs.AclOperationTypes;
const { TOPIC, GROUP, TRANSACTIONAL_ID } = kafkajs.AclResourceTypes;
const { PREFIXED, LITERAL } = kafkajs.ResourcePatternTypes;

/**
 * What each Kafka user may do. Users have the names of the services, and `ops` is that of the operators'
 * commands. A right to read or write includes the one to describe.
 */
export const kafkaAcls = (): AclEntry[] => [
  ...SERVICES.filter(isStatefulService).flatMap((service) => entries(service, rightsOf(service))),
  ...entries('ops', OPERATORS),
];

function rightsOf(service: (typeof SERVICES)[number]): Right[] {
  const entry = topology[service];
  const own = 'publishes' in entry ? [entry.publishes] : [];
  return [
    // reading, because at its start a service compares its ids with its own topic
    ...own.flatMap((name): Right[] => [
      { type: TOPIC, name, operations: [READ, WRITE, CREATE] },
      { type: TOPIC, name: deadLetterTopic(name), operations: [WRITE, CREATE] },
    ]),
    ...entry.reads.flatMap((name): Right[] => [
      { type: TOPIC, name, operations: [READ] },
      { type: TOPIC, name: deadLetterTopic(name), operations: [WRITE] },
    ]),
    { type: GROUP, name: service, operations: [READ] },
    { type: GROUP, name: `${service}-ids-`, isPrefix: true, operations: [READ, DELETE] },
    // of dead letters
    { type: TRANSACTIONAL_ID, name: `${service}.`, isPrefix: true, operations: [WRITE] },
  ];
}

/** They read all events, replay dead letters, and set back the group of mis. */
const OPERATORS: readonly Right[] = [
  ...Object.values(topics).flatMap((name): Right[] => [
    { type: TOPIC, name, operations: [READ, WRITE] },
    { type: TOPIC, name: deadLetterTopic(name), operations: [READ, WRITE] },
  ]),
  { type: GROUP, name: '*', operations: [READ, DELETE] },
];

const entries = (user: string, rights: readonly Right[]): AclEntry[] =>
  rights.flatMap(({ type, name, isPrefix = false, operations }) =>
    operations.map((operation) => ({
      principal: `User:${user}`,
      host: '*',
      resourceType: type,
      resourceName: name,
      resourcePatternType: isPrefix ? PREFIXED : LITERAL,
      operation,
      permissionType: kafkajs.AclPermissionTypes.ALLOW,
    })),
  );
