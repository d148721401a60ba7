import type { Cluster } from '../cluster.ts';
import type { Code } from '../code.ts';
import type { Finding } from '../finding.ts';

/** What is wrong with an object, as one check sees it. */
export type Complaint = Omit<Finding, 'cluster'>;

export type Check = (cluster: Cluster, code: Code) => Complaint[];
