import { buildClusters, CannotCheck } from './build.ts';
import { checkCluster } from './check-cluster.ts';
import { readCode } from './code.ts';
import { describeFinding } from './finding.ts';
import { validate } from './validate.ts';

/** npm run check:manifests: checks that a cluster accepts every overlay and that its objects fit. */
try {
  const [clusters, code] = await Promise.all([buildClusters(), readCode()]);
  const findings = [
    ...(await validate(clusters)),
    ...clusters.flatMap((cluster) => checkCluster(cluster, code)),
  ];
  for (const finding of findings) console.log(describeFinding(finding));
  const checked = clusters.map(({ name, objects }) => `${name} (${objects.length} objects)`);
  console.log(`${findings.length} findings in ${checked.join(', ')}`);
  if (findings.length > 0) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof CannotCheck)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
