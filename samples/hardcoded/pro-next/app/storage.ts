const connection =
  'DefaultEndpointsProtocol=https;AccountName=example;AccountKey=RXhhbXBsZUV4YW1wbGVFeGFtcGxlRXhhbXBsZUV4YW1wbGU=;EndpointSuffix=core.windows.net';

export const mongo = process.env.MONGO_URI || 'mongodb://admin:letmein@localhost:27017/pro';
export default connection;
