/** Where an MLflow server is, and what it is told of who asks. */

type Environment = Readonly<Record<string, string | undefined>>;

/** A server's address. What it hides is in no text of it, so that it may be printed and written. */
export class MlflowAddress {
  readonly #authorization: string | undefined;

  private constructor(
    /** Without user and password, and without a slash at its end. */
    readonly url: string,
    authorization: string | undefined,
  ) {
    this.#authorization = authorization;
  }

  /**
   * Reads an address such as `https://user:password@host/base`; gives what is wrong with it otherwise. As for MLflow's own
   * client, the variables MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or else MLFLOW_TRACKING_TOKEN, say who asks where
   * the address does not.
   */
  static parse(text: string, environment: Environment = process.env): MlflowAddress | string {
    // An address may hold a password: messages do not repeat it.
    if (!URL.canParse(text)) return "the address of the MLflow server is none: write it as `http://host:port`";
    const { protocol, username, password, origin, pathname, search, hash } = new URL(text);
    if (protocol !== "http:" && protocol !== "https:") return "the address of the MLflow server must begin with http:// or https://";
    if (search !== "" || hash !== "") return "the address of the MLflow server must end with its path, without `?` and `#`";
    const authorization = username === "" && password === "" ? fromEnvironment(environment) : basic(decoded(username), decoded(password));
    if (authorization !== undefined && !/^[\x20-\x7e]*$/.test(authorization)) return "MLFLOW_TRACKING_TOKEN holds characters that a token cannot have";
    return new MlflowAddress(origin + pathname.replace(/\/+$/, ""), authorization);
  }

  headers(): Readonly<Record<string, string>> {
    return this.#authorization === undefined ? {} : { authorization: this.#authorization };
  }

  toString(): string {
    return this.url;
  }
}

function fromEnvironment({ MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password, MLFLOW_TRACKING_TOKEN: token }: Environment): string | undefined {
  if (user && password) return basic(user, password);
  return token ? `Bearer ${token}` : undefined;
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** What stands percent-encoded in an address; a lone `%` stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
