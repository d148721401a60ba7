import { addresses } from './checks/addresses.ts';
import { authorizationPolicies } from './checks/authorization-policies.ts';
import { autoscalers } from './checks/autoscalers.ts';
import type { Check } from './checks/check.ts';
import { environment } from './checks/environment.ts';
import { mesh } from './checks/mesh.ts';
import { networkPolicies } from './checks/network-policies.ts';
import { pods } from './checks/pods.ts';
import { references } from './checks/references.ts';
import type { Cluster } from './cluster.ts';
import type { Code } from './code.ts';
import type { Finding } from './finding.ts';

const CHECKS: readonly Check[] = [
  references,
  autoscalers,
  addresses,
  environment,
  pods,
  networkPolicies,
  authorizationPolicies,
  mesh,
];

/** Checks that a cluster's objects are consistent with each other and with the code. */
export const checkCluster = (cluster: Cluster, code: Code): Finding[] =>
  CHECKS.flatMap((check) => check(cluster, code)).map((complaint) => ({
    cluster: cluster.name,
    ...complaint,
  }));
