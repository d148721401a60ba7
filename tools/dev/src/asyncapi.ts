import { asyncApiDocument } from '@equipmgnt/contracts';

// npm run asyncapi: prints the AsyncAPI document of the suite's events
console.log(JSON.stringify(asyncApiDocument(), undefined, 2));
