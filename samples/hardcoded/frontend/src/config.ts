export const config = {
  apiUrl: import.meta.env.VITE_API_URL ?? 'http://localhost:8080',
  internalApiKey: 'k3yThatBrowsersCanRead',
  publishableKey: import.meta.env.VITE_STRIPE_PUBLISHABLE_KEY,
};
