"""Works on an appliance as a netmiko script does, and prints what came back as JSON.

Arguments: port, user, password, and the file that is to hold the session's octets.
The driver is netmiko's own, unchanged; only its waits are shortened, which are
made for slow devices.
"""
import json
import sys

from netmiko import ConnectHandler

port, user, password, log = sys.argv[1:]
box = ConnectHandler(
    device_type="huawei",
    host="127.0.0.1",
    port=int(port),
    username=user,
    password=password,
    session_log=log,
    fast_cli=True,
    global_delay_factor=0.25,
)
said = {
    "prompt": box.find_prompt(),
    "version": box.send_command("display version"),
    "configuration": box.send_command("display current-configuration"),
    "set": box.send_config_set(
        ["ike proposal 10", "dh group14", "quit", "acl 3001", "rule permit ip source 192.0.2.0 0.0.0.255"]
    ),
    "refused": box.send_command("dispaly version"),
    "refused set": box.send_config_set(["ike proposal 70000", "ike proposal"]),
    "configuring": box.check_config_mode(),
    "changed": box.send_command("display current-configuration | include ike proposal|192.0.2"),
    "saved": box.save_config(confirm=True, confirm_response="y"),
    "question": box.send_command_timing("save"),
    "answer": box.send_command_timing("n"),
    "expected": box.send_command("system-view", expect_string=r"\]") + box.send_command("return", expect_string=r">"),
    "last": box.send_command("display clock"),
}
box.disconnect()
json.dump(said, sys.stdout)
