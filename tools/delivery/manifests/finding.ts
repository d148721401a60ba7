/** A fault in one object of a cluster. */
export interface Finding {
  /** The overlay, such as `local`. */
  readonly cluster: string;
  /** Kind and name, such as `Deployment/order`. */
  readonly object: string;
  readonly found: string;
  readonly expected: string;
}

export const describeFinding = ({ cluster, object, found, expected }: Finding): string =>
  `${cluster}  ${object}\n    found:    ${found}\n    expected: ${expected}`;
