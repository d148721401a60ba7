/** What `/actuator/info` shows of an application. */
export interface ServiceIdentity {
  /** The service's name: order, approval, equipment, mis or gateway. */
  readonly name: string;
  readonly version: string;
}
