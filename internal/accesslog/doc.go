// Package accesslog reads the access logs of web servers: which requests reached a server, when, and
// from whom. It knows three formats, and tells them apart line by line:
//
//   - the common and combined log formats of Apache
//     (https://httpd.apache.org/docs/2.4/logs.html#accesslog), also with the virtual host before them
//     ("%v:%p %h %l %u …", which Debian calls vhost_combined);
//   - nginx's combined (https://nginx.org/en/docs/http/ngx_http_log_module.html), which is the same but for
//     how it escapes;
//   - that of AWS' Application Load Balancer
//     (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html).
//
// What follows those fields on a line is left alone. Files may be compressed with gzip. Reading takes
// memory for one line, whatever the log's size.
package accesslog
