import { Command, Option } from 'commander';
import { PEOPLE } from './people.ts';

const ISSUER =
  process.env['ISSUER_URL'] || `http://127.0.0.1:${process.env['ISSUER_PORT'] || 8085}`;

/** An access token of the development issuer. @throws Error when there is none */
async function tokenOf(person: string): Promise<string> {
  const credentials = { client_id: person, client_secret: person };
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...credentials });
  const answer = await fetch(`${ISSUER}/token`, { method: 'POST', body }).catch(() => undefined);
  if (!answer) {
    throw new Error(
      `${ISSUER} does not answer. Run npm start, which starts the development issuer.`,
    );
  }
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`${ISSUER} answers ${answer.status}, without a token`);
  return token;
}

const people = new Option('--as <person>', 'who signs in').choices(Object.keys(PEOPLE));
const program = new Command('npm run --silent token --')
  .description('Prints a token of the development issuer, for "Authorization: Bearer <token>".')
  .addOption(people.makeOptionMandatory())
  .showHelpAfterError();

try {
  const { as } = program.parse().opts<{ as: string }>();
  console.log(await tokenOf(as));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
