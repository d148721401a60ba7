/** Injection token of this application's name and version. */
export const SERVICE_IDENTITY = Symbol('ServiceIdentity');

export interface ServiceIdentity {
  /** The service's name: order, approval, equipment, mis or gateway. */
  readonly name: string;
  readonly version: string;
}
