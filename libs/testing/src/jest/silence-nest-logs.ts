import { Logger } from '@nestjs/common';

// What goes wrong in these tests goes wrong on purpose; what counts is asserted.
Logger.overrideLogger(false);
