/** What may import what. A test plants violations to show that these rules find them. */
const layer = (name) => `^services/[^/]+/src/${name}/`;
const lib = (name) => `^libs/${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Files that import each other in a loop cannot be understood one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'domain-alone',
      comment: 'The domain imports nothing but itself and the contracts.',
      severity: 'error',
      from: { path: layer('domain') },
      to: { pathNot: [layer('domain'), lib('contracts'), 'node_modules/fast-check'] },
    },
    {
      name: 'application-on-domain',
      comment: 'Use cases know the domain and their own ports, not who calls or implements them.',
      severity: 'error',
      from: { path: layer('application') },
      to: { path: '^services/', pathNot: [layer('application'), layer('domain')] },
    },
    {
      name: 'inbound-not-outbound',
      comment: 'What comes in goes through the application.',
      severity: 'error',
      from: { path: layer('inbound') },
      to: { path: layer('outbound') },
    },
    {
      name: 'outbound-not-inbound',
      comment: 'What goes out knows nothing of what came in.',
      severity: 'error',
      from: { path: layer('outbound') },
      to: { path: layer('inbound') },
    },
    {
      name: 'services-meet-in-contracts',
      comment: 'A service never imports another.',
      severity: 'error',
      from: { path: '^(services/[^/]+|gateway)/' },
      to: { path: '^(services/[^/]+|gateway)/', pathNot: '^$1/' },
    },
    {
      name: 'libs-floors',
      comment: 'contracts < service < database < messaging; no lib knows a service.',
      severity: 'error',
      from: { path: lib('contracts') },
      to: { path: ['^libs/(?!contracts/)', '^services/', '^gateway/'] },
    },
    {
      name: 'libs-floors',
      severity: 'error',
      from: { path: lib('service') },
      to: { path: ['^libs/(?!service/|contracts/)', '^services/', '^gateway/'] },
    },
    {
      name: 'libs-floors',
      severity: 'error',
      from: { path: lib('database') },
      to: { path: [lib('messaging'), '^services/', '^gateway/'] },
    },
    {
      name: 'libs-floors',
      severity: 'error',
      from: { path: lib('messaging') },
      to: { path: ['^services/', '^gateway/'] },
    },
    {
      name: 'product-without-tools',
      comment: 'What runs in production imports neither tests nor tools.',
      severity: 'error',
      from: { path: '^(libs|services|gateway)/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['^(tools|e2e)/', '\\.spec\\.ts$'] },
    },
    {
      name: 'declared-dependencies',
      comment: 'A package that is imported is in the package.json of who imports it.',
      severity: 'error',
      from: { path: '^(libs|services|gateway)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@equipmgnt/source', 'import', 'require', 'node', 'default', 'types'],
    },
  },
};
