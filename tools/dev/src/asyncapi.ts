import { asyncApiDocument } from '@equipmgnt/contracts';

// npm run asyncapi: prints the AsyncAPI document of all events
console.log(JSON.stringify(asyncApiDocument(), undefined, 2));
