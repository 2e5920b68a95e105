//! Which network addresses a client comes from and which are let in.

use std::net::IpAddr;

use ipnet::IpNet;

/// The headers in which a proxy may name the client, in the order in which the first one present counts.
pub const FORWARDED_HEADERS: [&str; 3] = ["x-forwarded-for", "x_forwarded_for", "x-forward-for"];

/// A list of addresses and ranges, as in `plugin.restapi.allowedIPs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressList {
    networks: Vec<IpNet>,
    unreadable: Vec<String>,
}

impl AddressList {
    /// Reads addresses and ranges (`10.0.0.0/8`), separated by commas. Blanks around them and empty entries are ignored.
    ///
    /// An entry that is neither is kept as [`unreadable`](Self::unreadable): it matches nobody, but the list is not
    /// empty because of it, so that a slip of the pen does not open the door to everyone.
    pub fn parse(text: &str) -> Self {
        let mut list = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match network(entry) {
                Some(network) => list.networks.push(network),
                None => list.unreadable.push(entry.to_owned()),
            }
        }
        list
    }

    /// The entries that are no addresses.
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// Whether nothing is listed, not even something unreadable.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.unreadable.is_empty()
    }

    /// Whether the address is listed. An IPv4 address and its IPv6-mapped form are the same.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Whether a client of this address is let in: nothing listed lets everyone in.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.is_empty() || self.contains(address)
    }
}

/// One address or range, the IPv6-mapped form of IPv4 as IPv4.
fn network(entry: &str) -> Option<IpNet> {
    let network = match entry.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => entry.parse::<IpNet>().ok()?,
    };
    match (network.addr().to_canonical(), network.prefix_len()) {
        (IpAddr::V4(mapped), bits @ 96..) => IpNet::new(mapped.into(), bits - 96).ok(),
        _ => Some(network),
    }
}

/// Whose word about the client's address is taken.
#[derive(Clone, Debug, Default)]
pub struct Forwarding {
    /// The proxies whose headers are believed.
    pub trusted: AddressList,
    /// Believe the headers of any peer. Makes every list of allowed addresses worthless; for closed networks only.
    pub trust_anyone: bool,
}

impl Forwarding {
    /// The address of the client: the peer's, unless the peer is a trusted proxy; then the right-most hop that is not
    /// one, or the left-most when all are. `headers` are the values of the header that counts, in order.
    ///
    /// Reading stops at a hop that is no address: whoever wrote it, what stands left of it was not checked by a proxy
    /// that we trust.
    pub fn client<'a>(&self, peer: IpAddr, headers: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trust_anyone && !self.trusted.contains(client) {
            return client;
        }
        for hop in headers.rev().flat_map(|header| header.rsplit(',')) {
            let Some(address) = hop_address(hop.trim()) else {
                break;
            };
            client = address.to_canonical();
            if !self.trusted.contains(client) {
                break;
            }
        }
        client
    }
}

/// A hop as proxies write it: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    if let Ok(address) = hop.parse() {
        return Some(address);
    }
    if let Ok(with_port) = hop.parse::<std::net::SocketAddr>() {
        return Some(with_port.ip());
    }
    hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_and_ranges_are_compared_parsed() {
        let list = AddressList::parse(" 192.0.2.7 ,10.0.0.0/8,, 2001:db8::/32, ::ffff:198.51.100.1,::ffff:172.16.0.0/108");
        let inside = ["192.0.2.7", "::ffff:192.0.2.7", "10.255.0.1", "2001:DB8:0::1", "198.51.100.1", "172.31.255.255"];
        assert!(inside.iter().all(|address| list.contains(ip(address))));
        assert!(["192.0.2.8", "11.0.0.1", "2001:db9::1", "172.32.0.0", "::1"].iter().all(|address| !list.contains(ip(address))));
        assert!(list.unreadable().is_empty());
    }

    #[test]
    fn an_empty_list_lets_everyone_in_and_a_broken_one_nobody() {
        assert!(AddressList::parse("").allows(ip("192.0.2.1")));
        assert!(AddressList::parse(" , ").allows(ip("192.0.2.1")));
        let broken = AddressList::parse("192.0.2.256, 10.0.0.0/33, *");
        assert!(!broken.allows(ip("192.0.2.1")));
        assert_eq!(broken.unreadable(), ["192.0.2.256", "10.0.0.0/33", "*"]);
    }

    fn client(trusted: &str, peer: &str, headers: &[&str]) -> String {
        let forwarding = Forwarding { trusted: AddressList::parse(trusted), trust_anyone: false };
        forwarding.client(ip(peer), headers.iter().copied()).to_string()
    }

    #[test]
    fn strangers_cannot_name_another_address() {
        assert_eq!(client("", "203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn the_right_most_untrusted_hop_is_the_client() {
        let proxies = "10.0.0.0/8, 2001:db8::5";
        assert_eq!(client(proxies, "10.0.0.1", &["6.6.6.6, 203.0.113.7, 10.0.0.2"]), "203.0.113.7");
        assert_eq!(client(proxies, "10.0.0.1", &["6.6.6.6", "203.0.113.7:80,10.0.0.2"]), "203.0.113.7");
        assert_eq!(client(proxies, "2001:db8::5", &["[2001:db8::9]:443"]), "2001:db8::9");
        assert_eq!(client(proxies, "::ffff:10.0.0.1", &["[2001:db8::9]"]), "2001:db8::9");
        assert_eq!(client(proxies, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(proxies, "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client(proxies, "10.0.0.1", &["203.0.113.7, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client(proxies, "10.0.0.1", &[""]), "10.0.0.1");
    }

    #[test]
    fn believing_anyone_has_to_be_asked_for() {
        let forwarding = Forwarding { trust_anyone: true, ..Forwarding::default() };
        assert_eq!(forwarding.client(ip("203.0.113.9"), ["192.0.2.1"].into_iter()), ip("192.0.2.1"));
    }
}
