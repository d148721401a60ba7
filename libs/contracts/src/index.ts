export { ACCESS, includesRole, ROLES, type Access, type Role } from './access.ts';
export {
  approvalAnswer,
  approvalStatuses,
  type ApprovalAnswer,
  type ApprovalRequest,
  type ApprovalStatus,
} from './approval-api.ts';
export {
  asyncApiDocument,
  type AsyncApiDocument,
  type EventMessage,
  type EventSchema,
} from './asyncapi.ts';
export {
  deadLetterTopic,
  events,
  isEventType,
  MAX_QUANTITY,
  topics,
  type EventData,
  type EventFact,
  type EventType,
  type OrderDetails,
  type PublishedEventType,
  type Requester,
  type Topic,
} from './events.ts';
export * from './topology.ts';
