// An OpenID provider for the tests: oidc-provider, accounts and keys of one run, all on loopback.
// Its one argument is a JSON file: port, secret, client, redirections, accounts.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const choices = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'essai' };

const find = (sub) => choices.comptes[sub];
const provider = new Provider(choices.issuer, {
  clients: [{
    client_id: choices.client,
    client_secret: choices.secret,
    redirect_uris: choices.retours,
    post_logout_redirect_uris: choices.adieux,
    id_token_signed_response_alg: 'RS256',
    ...(choices.userinfo_signe ? { userinfo_signed_response_alg: 'RS256' } : {}),
  }],
  jwks: { keys: [key] },
  cookies: { keys: [choices.secret] },
  acrValues: ['eidas1', 'eidas2'],
  claims: {
    openid: ['sub'], email: ['email', 'email_verified'], given_name: ['given_name'],
    acr: null, amr: null, auth_time: null, iss: null, sid: null,
  },
  scopes: ['openid', 'email', 'given_name'],
  conformIdTokenClaims: true,
  pkce: { required: () => true },
  features: {
    jwtUserinfo: { enabled: true },
    claimsParameter: { enabled: true },
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: true },
  },
  async findAccount(_ctx, sub) {
    const account = find(sub);
    return account && { accountId: sub, claims: async () => ({ sub, ...account.claims }) };
  },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email given_name');
    grant.addOIDCClaims(['amr', 'acr', 'email', 'email_verified', 'given_name']);
    await grant.save();
    return grant;
  },
  interactions: { url: (_ctx, interaction) => `/entree/${interaction.uid}` },
});

// The provider's own login page: one field, the account.
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/entree/')) return next();
  if (ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = `<!doctype html><html lang="fr"><title>Fournisseur d’essai</title><h1>Fournisseur d’essai</h1>
<form method="post" action="${ctx.path}"><label for="login">Compte</label>
<input id="login" name="login"><button type="submit">Entrer</button></form></html>`;
    return undefined;
  }
  let text = '';
  for await (const chunk of ctx.req) text += chunk;
  const login = new URLSearchParams(text).get('login');
  const account = find(login);
  const result = account
    ? { login: { accountId: login, acr: account.acr ?? 'eidas1', amr: account.amr ?? ['pwd'] } }
    : { error: 'access_denied', error_description: 'compte inconnu' };
  const target = await provider.interactionResult(ctx.req, ctx.res, result);
  ctx.status = 303;
  ctx.redirect(target);
  return undefined;
});

provider.listen(choices.port, '127.0.0.1');
