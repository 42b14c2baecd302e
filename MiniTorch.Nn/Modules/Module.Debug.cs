using System.Diagnostics;

namespace MiniTorch.Nn;

[DebuggerDisplay("{DebugText,nq}")]
[DebuggerTypeProxy(typeof(DebugView))]
public abstract partial class Module
{
    /// <summary>The line that a debugger shows.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    internal string DebugText
    {
        get
        {
            try
            {
                long count = Gather(members => members.Parameters).Sum(parameter => parameter.Value.ElementCount);
                return FormattableString.Invariant($"{TypeName}({Arguments}), {count:N0} parameters, training: {PythonText.Of(Training)}");
            }
            catch (ValueException error) // its members cannot be named
            {
                return error.Message;
            }
        }
    }

    /// <summary>What a debugger shows when a module is unfolded: its members under their names in the state.</summary>
    private sealed class DebugView(Module module)
    {
        [DebuggerBrowsable(DebuggerBrowsableState.RootHidden)]
        public Member[] Members
        {
            get
            {
                try
                {
                    ModuleMembers members = ModuleMembers.Of(module);
                    return
                    [
                        .. members.Children.Select(child => new Member(child.Name, child.Value, child.Value.DebugText)),
                        .. members.Parameters.Select(parameter => new Member(parameter.Name, parameter.Value, parameter.Value.DebugText)),
                        .. members.Buffers.Select(buffer => new Member(buffer.Name, buffer.Value, buffer.Value.DebugText)),
                    ];
                }
                catch (ValueException error) // its members cannot be named
                {
                    return [new Member("error", error, error.Message)];
                }
            }
        }
    }

    [DebuggerDisplay("{Text,nq}", Name = "{Name,nq}")]
    private sealed record Member(
        [property: DebuggerBrowsable(DebuggerBrowsableState.Never)] string Name,
        [property: DebuggerBrowsable(DebuggerBrowsableState.RootHidden)] object Value,
        [property: DebuggerBrowsable(DebuggerBrowsableState.Never)] string Text);
}
