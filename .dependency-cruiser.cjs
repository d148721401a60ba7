/** What may import what. A test plants violations to show that these rules find them. */
const layer = (name) => `^services/[^/]+/src/${name}/`;
const lib = (name) => `^libs/(${name})/`;
const PROCESSES = '^(services|gateway)/';

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
      comment: 'The domain imports only itself, the kernel and the contracts.',
      severity: 'error',
      from: { path: layer('domain') },
      to: {
        pathNot: [layer('domain'), lib('kernel'), lib('contracts'), 'node_modules/fast-check'],
      },
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
      comment: 'kernel < contracts < runtime < http, database < messaging; no lib knows a service.',
      severity: 'error',
      from: { path: lib('kernel') },
      to: { path: ['^libs/(?!kernel/)', PROCESSES] },
    },
    {
      name: 'libs-floors',
      severity: 'error',
      from: { path: lib('contracts') },
      to: { path: ['^libs/(?!kernel/|contracts/)', PROCESSES] },
    },
    {
      name: 'libs-floors',
      severity: 'error',
      from: { path: lib('runtime') },
      to: { path: ['^libs/(?!kernel/|contracts/|runtime/|testing/)', PROCESSES] },
    },
    {
      name: 'libs-floors',
      severity: 'error',
      from: { path: [lib('http'), lib('database')] },
      to: { path: ['^libs/(?!$1/|kernel/|contracts/|runtime/|testing/)', PROCESSES] },
    },
    {
      name: 'libs-floors',
      severity: 'error',
      from: { path: lib('messaging') },
      to: { path: [lib('http'), PROCESSES] },
    },
    {
      name: 'libs-through-their-index',
      comment:
        'What a lib exports is what others may use: its index, or a subpath of its package.json.',
      severity: 'error',
      from: { path: '^(libs/[^/]+|services/[^/]+|gateway|tools/[^/]+|e2e)/' },
      to: {
        path: '^libs/[^/]+/src/',
        pathNot: ['^$1/', '^libs/[^/]+/src/((jest/)?index|broker-addresses|read-topic)\\.ts$'],
      },
    },
    {
      name: 'use-cases-without-drivers',
      comment: 'A use case knows its ports, not the database, the broker or the HTTP server.',
      severity: 'error',
      from: { path: [layer('domain'), layer('application')], pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(@nestjs/)?(typeorm|kafkajs|fastify|pg|mysql2|microservices)/' },
    },
    {
      name: 'testing-from-tests',
      comment: 'Only specs, e2e and tools use libs/testing.',
      severity: 'error',
      from: { path: '^(libs/(?!testing/)|services/|gateway/)', pathNot: '\\.spec\\.ts$' },
      to: { path: lib('testing') },
    },
    {
      name: 'tools-apart',
      comment: 'A tool imports neither another tool nor the inside of a service.',
      severity: 'error',
      from: { path: '^tools/([^/]+)/' },
      to: { path: ['^tools/', PROCESSES], pathNot: '^tools/$1/' },
    },
    {
      name: 'product-without-tools',
      comment: 'What runs in production imports neither tests nor tools.',
      severity: 'error',
      from: { path: '^(libs|services|gateway)/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['^(tools|e2e)/', '\\.spec\\.ts$'] },
    },
    {
      name: 'specs-without-tools',
      comment: 'A spec beside the code uses libs/testing, not e2e or a tool.',
      severity: 'error',
      from: { path: '^(libs|services|gateway)/.*\\.spec\\.ts$' },
      to: { path: '^(tools|e2e)/' },
    },
    {
      name: 'declared-dependencies',
      comment: 'A package that is imported is in the package.json of who imports it.',
      severity: 'error',
      from: { path: '^(libs/(?!testing/)|services/|gateway/)', pathNot: '\\.spec\\.ts$' },
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
