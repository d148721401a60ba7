import { Logger } from '@nestjs/common';

// The tests provoke errors, and assert on them; Nest's log of the same errors would be noise.
Logger.overrideLogger(false);
