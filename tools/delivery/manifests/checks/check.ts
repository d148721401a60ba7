import type { Cluster } from '../cluster.ts';
import type { Code } from '../code.ts';
import type { Finding } from '../finding.ts';

/** A fault that one check found in an object. */
export type Complaint = Omit<Finding, 'cluster'>;

export type Check = (cluster: Cluster, code: Code) => Complaint[];
