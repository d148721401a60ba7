import TestRunner from 'jest-runner';

/**
 * Runs the files of a project one after another, after the files of the other projects: end-to-end
 * tests start many processes and need the machine for themselves.
 */
export default class SerialRunner extends TestRunner {
  isSerial = true;
}
