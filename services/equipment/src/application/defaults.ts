/** The category and region that newly registered equipment gets when it names none. */
export abstract class Defaults {
  abstract current(): { readonly category?: string; readonly region?: string };
}
