//! Public keys and tokens by Node's own cryptography. Each token says: `ann` is an editor of
//! `team/*`, for `selvedge`, until 600 s after [`NOW`](super::NOW).

pub(super) const ES256: super::Signed = super::Signed {
    pem: "-----BEGIN PUBLIC KEY-----\n\
     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzAnfTK0hqOdqOTfsnwk4cKstCxPc\n\
     444eb67cTot6sLAIudHAnKBIE23mQ2XMXa20hFChaM1GZ7CNpnCjDLMQgQ==\n\
     -----END PUBLIC KEY-----",
    jwk: "{\"kty\":\"EC\",\"x\":\"zAnfTK0hqOdqOTfsnwk4cKstCxPc444eb67cTot6sLA\",\"y\":\
     \"CLnRwJygSBNt5kNlzF2ttIRQoWjNRmewjaZwowyzEIE\",\"crv\":\"P-256\",\"kid\":\"\
     es256\",\"use\":\"sig\"}",
    token: "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVzMjU2In0.eyJzdWIiOiJhbm4iLCJhdWQiOiJzZWx2ZWRnZS\
     IsImV4cCI6MTgwMDAwMDYwMCwiZ3JhbnRzIjpbeyJkb2N1bWVudCI6InRlYW0vKiIsInJvbGUiOiJl\
     ZGl0b3IifV19.Qq0H8DYg4OLaGRT-CdelhJBKLRUFwBInUpMOEghaFBgIdI9nkQZIztWSmgvbIbhuq\
     ybybXY6ULxZwn9E664yGg",
};

pub(super) const EDDSA: super::Signed = super::Signed {
    pem: "-----BEGIN PUBLIC KEY-----\n\
     MCowBQYDK2VwAyEAVAQMLS8zT0llp2MPMHU9I/u10q0fHCY75vD5i11KF2E=\n\
     -----END PUBLIC KEY-----",
    jwk: "{\"crv\":\"Ed25519\",\"x\":\"VAQMLS8zT0llp2MPMHU9I_u10q0fHCY75vD5i11KF2E\",\"\
     kty\":\"OKP\",\"kid\":\"eddsa\",\"use\":\"sig\"}",
    token: "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkZHNhIn0.eyJzdWIiOiJhbm4iLCJhdWQiOiJzZWx2ZWRnZS\
     IsImV4cCI6MTgwMDAwMDYwMCwiZ3JhbnRzIjpbeyJkb2N1bWVudCI6InRlYW0vKiIsInJvbGUiOiJl\
     ZGl0b3IifV19.YUwc6PVm9968_hI-YcauesZwJCwS6RI-e8UDdxM_42RxJgK4DllXIGNjOSTXdhvtD\
     RnB_u-q2FnjB15u7WnLAg",
};

pub(super) const RS256: super::Signed = super::Signed {
    pem: "-----BEGIN PUBLIC KEY-----\n\
     MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwPDCX22TZoVRcZqQGo2F\n\
     0lCtnukNouVe/3yc8X/X46HF3WBVYpqmFVvvQU/YUuCSZmLpm1X0lXpGjIZTJCYb\n\
     0SNT8UGTinAO33iMoQKLuF7lj1Uvt3BG5Sw9mMAxT53DThmYBws0aaISAnwdxvca\n\
     vTYMKDGXgJWL/CgZwpQKNWshGBqU1ZP7j4bpvQunWXSf5oC/lUtg1JpGmfXLSPnU\n\
     kNaM/GdLKPT7MX7DDidF4vsZHSh7U3uUiPD86v4W3KWFPRdwwet5pOAnO2XdKBd0\n\
     dC0KpF85Y8wkWaDl/+j+hc7OrMfQ4jhFEWBGQSf6SCZ5zveJb4x/GA47ox3ModD8\n\
     cwIDAQAB\n\
     -----END PUBLIC KEY-----",
    jwk: "{\"kty\":\"RSA\",\"n\":\"wPDCX22TZoVRcZqQGo2F0lCtnukNouVe_3yc8X_X46HF3WBVYpq\
     mFVvvQU_YUuCSZmLpm1X0lXpGjIZTJCYb0SNT8UGTinAO33iMoQKLuF7lj1Uvt3BG5Sw9mMAxT53\
     DThmYBws0aaISAnwdxvcavTYMKDGXgJWL_CgZwpQKNWshGBqU1ZP7j4bpvQunWXSf5oC_lUtg1Jp\
     GmfXLSPnUkNaM_GdLKPT7MX7DDidF4vsZHSh7U3uUiPD86v4W3KWFPRdwwet5pOAnO2XdKBd0dC0\
     KpF85Y8wkWaDl_-j-hc7OrMfQ4jhFEWBGQSf6SCZ5zveJb4x_GA47ox3ModD8cw\",\"e\":\"AQ\
     AB\",\"kid\":\"rs256\",\"use\":\"sig\"}",
    token: "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzMjU2In0.eyJzdWIiOiJhbm4iLCJhdWQiOiJzZWx2ZWRnZS\
     IsImV4cCI6MTgwMDAwMDYwMCwiZ3JhbnRzIjpbeyJkb2N1bWVudCI6InRlYW0vKiIsInJvbGUiOiJl\
     ZGl0b3IifV19.hN_LasFojUvnFqF03c_UqB_QpmCMWNMfifcuksLKwHeP1MC8_7a9ENeyQ5C9s_PwG\
     G5dx-K1ZNh3cW4dZ4sgpEvafgtP-K5NsNAZqd9gCioqZmSqniPv8XnwzvP8Ni1hXaIQBoguzsMOPE4\
     p-neuA6aKJ_DgK5r0xx2izLscPCJ5ybnb-dFtc7uv14mJddqx-u0kCHjLsKtKkeOgUByXgiEMHp7TM\
     6GefTTreWLA6hzJ0DXiJ7unX2ohyTnMyLv76Cl7-IjNyOWAM6V2-eYMEx98rxR63h5DF63wohWj9s4\
     BSxTC2yp0ks_yv8eAGkah5yfzXhQ1fbzaaGgs44a-IQ",
};
